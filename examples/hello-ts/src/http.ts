// A small fetch-style layer over `wasi:http` 0.3: `Request`, `Response` and `serve`.
// A component runs on a bare JavaScript engine, so there is no `fetch`, `URL` or `TextEncoder` to build on.

import wasi, { type Incoming, type Outgoing } from "wasi:http/types@0.3.2";

/** What a response's body may be: a whole, or pieces that are sent as they come. */
export type Body = string | Uint8Array | AsyncIterable<string | Uint8Array>;

export class Request {
  readonly method: string;
  readonly path: string;
  readonly query: Map<string, string>;
  readonly headers: Map<string, string>;
  readonly #incoming: Incoming;

  constructor(incoming: Incoming) {
    const [path = "/", query = ""] = (incoming.getPathWithQuery() ?? "/").split(/\?(.*)/s);
    this.#incoming = incoming;
    this.method = incoming.getMethod().val ?? incoming.getMethod().tag.toUpperCase();
    this.path = path;
    this.query = new Map(query.split("&").map(pair));
    this.headers = new Map(incoming.getHeaders().copyAll().map(([name, value]) => [name, decode([value])]));
  }

  /** The body, piece by piece as it arrives. It can be taken once. */
  body(): AsyncIterable<Uint8Array> {
    const [pieces] = wasi.Request.consumeBody(this.#incoming, Promise.resolve({ tag: "ok" }));
    return pieces;
  }

  /** The whole body as text. */
  async text(): Promise<string> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.body()) {
      pieces.push(piece);
    }
    return decode(pieces);
  }
}

export class Response {
  readonly body: Body;
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(body: Body, { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {}) {
    this.body = body;
    this.status = status;
    this.headers = { "content-type": "text/plain; charset=utf-8", ...headers };
  }
}

/** Makes of a fetch-style handler what the world `http-handler` exports. */
export function serve(answer: (request: Request) => Promise<Response>) {
  return {
    async handle(incoming: Incoming): Promise<Outgoing> {
      const { body, status, headers } = await answer(new Request(incoming));
      const fields = Object.entries(headers).map(([name, value]): [string, Uint8Array] => [name, encode(value)]);
      const noTrailers = Promise.resolve({ tag: "ok", val: null } as const);
      const [outgoing] = wasi.Response.new(wasi.Fields.fromList(fields), pieces(body), noTrailers);
      outgoing.setStatusCode(status);
      return outgoing;
    },
  };
}

async function* pieces(body: Body): AsyncGenerator<Uint8Array> {
  const parts = typeof body === "string" || body instanceof Uint8Array ? [body] : body;
  for await (const part of parts) {
    yield typeof part === "string" ? encode(part) : part;
  }
}

function pair(text: string): [string, string] {
  const [name = "", value = ""] = text.split(/=(.*)/s).map((part) => part.replaceAll("+", " "));
  return [unescape(name), unescape(value)];
}

/** Undoes percent-encoding; what is not valid stays as it is. */
function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Text to UTF-8: percent-encoding does just that to all but plain letters. */
function encode(text: string): Uint8Array {
  const escaped = encodeURIComponent(text.toWellFormed()).matchAll(/%(..)|[^%]/g);
  return Uint8Array.from(escaped, ([part, hex]) => (hex ? Number.parseInt(hex, 16) : part.charCodeAt(0)));
}

/** UTF-8 to text; bytes that are not UTF-8 are taken for Latin-1. */
function decode(pieces: Uint8Array[]): string {
  const letters = pieces.flatMap((piece) => Array.from(piece, (byte) => String.fromCharCode(byte))).join("");
  const escaped = letters.replaceAll(/[%\x80-\xff]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
  try {
    return decodeURIComponent(escaped);
  } catch {
    return letters;
  }
}
