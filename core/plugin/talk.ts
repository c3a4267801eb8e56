import { jsonLine } from "./lines.ts";

/** The two pipes of a program as a stream of JSON messages, one a line, in both directions. */
export interface Talk<M> {
  /** What the program reads. */
  readonly stdin: ReadableStream<Uint8Array>;
  readonly stream: { readonly readable: ReadableStream<M>; readonly writable: WritableStream<M> };
  /** Takes a line the program printed. */
  hear(line: string): void;
  /** Nothing more will come from the program. */
  close(): void;
  /** Closes the program's input. */
  hangUp(): Promise<void>;
}

/** Opens such a stream for a program that is still to be started. */
export function openTalk<M extends object>(): Talk<M> {
  const encoder = new TextEncoder();
  const pipe = new TransformStream<Uint8Array, Uint8Array>();
  const writer = pipe.writable.getWriter();
  let isClosed = false;
  let heard: ReadableStreamDefaultController<M> | undefined;
  // A program that has ended reads no more: that shows at its end, and is nobody's error here.
  const ignore = (): void => {};
  return {
    stdin: pipe.readable,
    stream: {
      readable: new ReadableStream<M>({
        start(controller) {
          heard = controller;
        },
        cancel() {
          isClosed = true;
        },
      }),
      writable: new WritableStream<M>({
        write: (message) =>
          writer.write(encoder.encode(`${JSON.stringify(message)}\n`)).catch(ignore),
      }),
    },
    hear(line) {
      const message = jsonLine(line);
      if (message !== null && !isClosed) heard?.enqueue(message as M);
    },
    close() {
      if (!isClosed) heard?.close();
      isClosed = true;
    },
    hangUp: () => writer.close().catch(ignore),
  };
}
