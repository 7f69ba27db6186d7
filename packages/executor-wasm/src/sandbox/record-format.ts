/**
 * What goes over stdout: frames (lines of ASCII JSON, so none starts with a control character), and between them records: a kind, a length
 * (32 bits, little endian), that many bytes. One stream, so that output stays in order with the frames around it.
 */
export const recordKind = { stdout: 1, stderr: 2, checkpoint: 4 } as const;

export const recordHeaderBytes = 5;
