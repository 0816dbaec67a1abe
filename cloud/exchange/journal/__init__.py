"""The exchange's memory: segments of frames on the disk, snapshots beside them, one writer.

What is in the journal counts; what is not never happened. A folder holds ``*.segment`` files
(`segment`), each a header and frames (`frame`) of facts (`codec`); ``*.snapshot`` files, states
that save a replay its beginning (`snapshot`); and ``fence``, the number of the newest writer.
`journal.Journal` writes, `reading` reads; nothing else knows the bytes.
"""
