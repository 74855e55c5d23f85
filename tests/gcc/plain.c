/* SPDX-License-Identifier: MIT */
/* plain.c: C that has nothing to do with kernels; and it can see whether the plugin was in force. */
#ifdef KEELBACK_PLUGIN
int with_plugin = KEELBACK_PLUGIN;
#else
int with_plugin = 0;
#endif
int plain(int n) { return n < 0 ? -1 : n; }
