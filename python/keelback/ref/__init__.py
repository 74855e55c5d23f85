# SPDX-License-Identifier: MIT
"""keelback.ref: the meaning of kernels, in plain Python.

A kernel means what CPython computes when it runs the kernel's body on these views and scalars. `keelback
check` compares every compiled kernel with it; doc/semantics.md tabulates the decisions.

    from keelback import ref
    x = ref.view(numpy_array_or_any_buffer)     # or ref.zeros((3, 4), "f32")
    kernel.py_func(ref.f32(2.0), x)

Elements of int arrays read as int, of bool arrays as bool, of f64 arrays as `f64`, of f32 arrays as `f32`.
"""
from .scalars import (f32, f64, i8, i16, i32, i64, u8, u16, u32, u64, boolean, round_f32, sized_int,
                      SIZED)
from .views import view, pointer, PointerRange, zeros, empty, ones, full, dtype_name

__all__ = ["f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "boolean", "view", "pointer",
           "PointerRange", "zeros", "empty", "ones", "full", "dtype_name", "round_f32", "sized_int", "SIZED"]
