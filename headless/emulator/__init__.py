"""The terminal emulator and the process it runs in.

Written here rather than on top of pyte, because GetBuffer needs what pyte's screen cannot say: cells never
written against spaces, soft line ends, tab fillers, a pending wrap, an alternate screen beside a scrollback,
and because pyte reads `CSI > 4 ; 1 m` (sent by vim) as an underline. pyte stays useful as an independent judge.
"""
