// vocabulary/merges.txt as bytes between two symbols: C++17 has no #embed, and half a megabyte as an array literal takes the
// compiler longer than the rest of the plugin.
#ifdef __APPLE__
        .const_data
        .globl _alice_clip_merges_begin
        .globl _alice_clip_merges_end
_alice_clip_merges_begin:
        .incbin ALICE_MERGES_FILE
_alice_clip_merges_end:
#else
        .section .rodata
        .globl alice_clip_merges_begin
        .globl alice_clip_merges_end
        .hidden alice_clip_merges_begin
        .hidden alice_clip_merges_end
alice_clip_merges_begin:
        .incbin ALICE_MERGES_FILE
alice_clip_merges_end:
        .section .note.GNU-stack,"",%progbits
#endif
