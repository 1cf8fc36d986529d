import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

const FIXTURES = new URL('../../../../test/fixtures/library/', import.meta.url);
/** The certificate of the TLS servers, as a user would name it in PIP_CERT. */
export const CERTIFICATE = fileURLToPath(new URL('localhost.crt', FIXTURES));

/** Starts an HTTP server on the loopback interface for one test; the address ends with a slash. */
export async function serve(t: ExecutionContext, listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(t, createServer(listener))}/`;
}

export async function serveTls(t: ExecutionContext, listener: RequestListener): Promise<string> {
  const key = readFileSync(new URL('localhost.key', FIXTURES));
  return `https://localhost:${await listen(t, createTlsServer({ key, cert: readFileSync(CERTIFICATE) }, listener))}/`;
}

/** A proxy that tunnels (CONNECT) and relays plain requests; `seen` gets each request's target and credentials. */
export async function serveProxy(t: ExecutionContext, seen: string[], status = 200): Promise<string> {
  const server = createServer((request, response) => {
    seen.push(`GET ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    response.end('relayed');
  });
  server.on('connect', (request, client) => {
    seen.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    client.on('error', () => {});
    if (status !== 200) return client.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const upstream = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
  });
  return `http://127.0.0.1:${await listen(t, server)}`;
}

async function listen(t: ExecutionContext, server: Server): Promise<number> {
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Answers with `bytes`, honouring Range as a file server does. */
export function fileServer(bytes: Buffer): RequestListener {
  return (request, response) => {
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start >= bytes.length && start > 0) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
      return;
    }
    const range = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': bytes.length - start, ...(start > 0 && range) });
    response.end(bytes.subarray(start));
  };
}
