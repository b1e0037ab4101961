// The component itself: three routes, written like a handler for `fetch`.

import { type Request, Response, serve } from "./http.js";

export const handler = serve(async (request: Request): Promise<Response> => {
  switch (`${request.method} ${request.path}`) {
    case "GET /":
      return greet(request);
    case "GET /count":
      return new Response(count(Number(request.query.get("to") ?? 5)));
    case "POST /shout":
      return new Response((await request.text()).toUpperCase());
    default:
      return new Response("Try GET /, GET /count?to=5 or POST /shout\n", { status: 404 });
  }
});

function greet(request: Request): Response {
  const name = request.query.get("name") ?? "world";
  if (!request.headers.get("accept")?.includes("text/html")) {
    return new Response(`Hello, ${name}, from TypeScript!\n`);
  }
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Hello from TypeScript</title>
<style>body { font: 1.2rem/1.6 system-ui; margin: 15vh auto; max-width: 36rem; padding: 0 1rem }</style>
<h1>Hello, ${escape(name)}!</h1>
<p>This page was made by a WebAssembly component written in TypeScript.
</html>
`;
  return new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
}

/** A body that is made line by line, as the client takes it. */
async function* count(to: number): AsyncGenerator<string> {
  for (let number = 1; number <= Math.min(to, 1000); number++) {
    yield `${number}\n`;
  }
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
