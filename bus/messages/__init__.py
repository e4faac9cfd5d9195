"""Every message of the bus as a typed, immutable record, declared once.

On the wire each is one MessagePack map (`bus.codec`). Unknown keys are ignored, missing or wrongly typed ones make
the message invalid. Offsets and sizes are bytes, times are seconds since 1970, columns and rows are cells.

Three families: what is published (`events`, of which `layout` is the largest, and `stat`), what is asked (`commands`),
and what comes back (`results`).
"""
