import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { codeOf, messageOf, UserError } from '../../errors.js';
import { CONTENT_POLICY, watchPage } from './page.js';
import { checkRunFolder, readRunView } from './run-view.js';
import { type Sections, sectionsOf } from './sections.js';

const LOOPBACK = '127.0.0.1';
/** At least this long between two looks, and this many times as long as one takes: a page must not slow the run down. */
const [LEAST_PAUSE_MS, PAUSE_FACTOR] = [1000, 10];

export interface WatchOptions {
  /** The run's folder. */
  dir: string;
  /** 0 lets the system choose a free one. */
  port: number;
  /** Told of what goes wrong while the page is open. */
  log(line: string): void;
}

/** A page that is served. */
export interface Watching {
  url: string;
  close(): Promise<void>;
}

/**
 * Serves the page of a run on this machine's loopback address. Requests that name another host are refused: a page elsewhere, whose name
 * was made to lead here, could read it otherwise.
 * @throws UserError for a folder that is not a run's, and for a port that is taken
 */
export async function serveWatch({ dir, port, log }: WatchOptions): Promise<Watching> {
  checkRunFolder(dir);
  const feed = createFeed(dir, log);
  const server = createServer((request, response) => answer(request, response, server, feed));
  await listen(server, port);
  return {
    url: `http://${LOOPBACK}:${portOf(server)}/`,
    async close() {
      feed.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const why = codeOf(error) === 'EADDRINUSE' ? 'another program uses it' : messageOf(error);
      reject(
        new UserError(`Port ${port} cannot be used: ${why}. Choose another --port, or leave it out for a free one.`),
      );
    });
    server.listen(port, LOOPBACK, resolve);
  });
}

const HEADERS = {
  'Content-Security-Policy': CONTENT_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

function answer({ method, url, headers }: IncomingMessage, response: ServerResponse, server: Server, feed: Feed): void {
  const refuse = (status: number, text: string) => response.writeHead(status, HEADERS).end(`${text}\n`);
  const hosts = [LOOPBACK, 'localhost'].map((host) => `${host}:${portOf(server)}`);
  if (!hosts.includes(headers.host ?? '')) refuse(403, `this is ${hosts[0]}`);
  else if (method !== 'GET') refuse(405, 'only GET');
  else if (url === '/') {
    const page = feed.page();
    if (page === undefined) refuse(503, 'the run cannot be read just now; load the page again');
    else response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/html; charset=utf-8' }).end(page);
  } else if (url === '/events') {
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream' });
    feed.follow(response);
  } else refuse(404, 'not found');
}

/** What the pages that are open are told. */
interface Feed {
  /** The page of the run as it is now; undefined where it cannot be read, as in the moment in which a file is replaced. */
  page(): string | undefined;
  /** Sends all sections, and from then on those that change. */
  follow(response: ServerResponse): void;
  close(): void;
}

function createFeed(dir: string, log: (line: string) => void): Feed {
  const followers = new Set<ServerResponse>();
  let last: Partial<Sections> = {};
  let timer: NodeJS.Timeout | undefined;
  const look = (): { name: string; sections: Sections } | undefined => {
    try {
      const view = readRunView(dir);
      return { name: view.name, sections: sectionsOf(view) };
    } catch (error) {
      log(`warning: ${messageOf(error)}`);
      return undefined;
    }
  };
  const wait = (pauseMs: number) => {
    timer = followers.size > 0 ? setTimeout(refresh, pauseMs) : undefined;
  };
  const refresh = () => {
    const begun = performance.now();
    const sections = look()?.sections ?? last;
    const changed = Object.entries(sections).filter(([id, html]) => last[id as keyof Sections] !== html);
    if (changed.length > 0) for (const follower of followers) send(follower, Object.fromEntries(changed));
    last = sections;
    wait(Math.max(LEAST_PAUSE_MS, PAUSE_FACTOR * (performance.now() - begun)));
  };
  return {
    page() {
      const now = look();
      return now && watchPage(now.name, now.sections);
    },
    follow(response) {
      followers.add(response);
      response.on('close', () => followers.delete(response));
      send(response, last);
      if (!timer) refresh();
    },
    close() {
      clearTimeout(timer);
      for (const follower of followers) follower.end();
    },
  };
}

const send = (response: ServerResponse, sections: Partial<Sections>): boolean =>
  response.write(`data: ${JSON.stringify(sections)}\n\n`);
