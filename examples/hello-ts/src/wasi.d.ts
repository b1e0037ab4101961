// What this example uses of wit/wasi-0.3/deps/http.wit, as componentize-qjs presents it to JavaScript.

declare module "wasi:http/types@0.3.2" {
  type Result<T> = { tag: "ok"; val?: T } | { tag: "err"; val: unknown };

  export interface Fields {
    copyAll(): [name: string, value: Uint8Array][];
  }

  /** The resource `request`. */
  export interface Incoming {
    /** `{ tag: "get" }` and so on; `{ tag: "other", val }` for a method that has no case of its own. */
    getMethod(): { tag: string; val?: string };
    getPathWithQuery(): string | null;
    getHeaders(): Fields;
  }

  /** The resource `response`. */
  export interface Outgoing {
    setStatusCode(status: number): void;
  }

  const types: {
    Fields: { fromList(entries: [name: string, value: Uint8Array][]): Fields };
    Request: {
      consumeBody(request: Incoming, done: Promise<Result<never>>): [body: AsyncIterable<Uint8Array>, trailers: unknown];
    };
    Response: {
      new: (
        headers: Fields,
        body: AsyncIterable<Uint8Array>,
        trailers: Promise<Result<Fields | null>>,
      ) => [response: Outgoing, sent: unknown];
    };
  };
  export default types;
}
