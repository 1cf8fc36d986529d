import { type IncomingMessage, request as startRequest } from 'node:http';
import { messageOf } from '../../errors.js';
import { dial, dialThrough, type NetSettings, NetworkFault, silence } from './connect.js';
import { basicAuth, proxyFor, shown } from './index-urls.js';

const MOST_REDIRECTS = 10;

/**
 * Starts a GET over HTTP or HTTPS, through the proxy that the settings name, following redirects. A user name and password
 * in the address go into the Authorization header, to that origin only, as does an `authorization` among `headers`. Resolves once
 * headers arrive, with the address that answered; throws a NetworkFault otherwise, also for a status other than 200, 206 and 416.
 */
export async function openUrl(
  start: URL,
  headers: Record<string, string>,
  settings: NetSettings,
): Promise<{ response: IncomingMessage; url: URL }> {
  let url = start;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const { authorization, ...others } = headers;
    const own = url.origin === start.origin ? headers : others;
    const response = await sendGet(url, own, settings);
    const status = response.statusCode ?? 0;
    if ([200, 206, 416].includes(status)) return { response, url };
    response.destroy();
    const { location } = response.headers;
    if (![301, 302, 303, 307, 308].includes(status) || !location || !URL.canParse(location, url.href)) {
      const retry = [408, 425, 429].includes(status) || status >= 500;
      throw new NetworkFault(`${shown(url)} answered ${status}`, retry, status);
    }
    url = redirected(url, location);
  }
  throw new NetworkFault(`${shown(start)} redirects more than ${MOST_REDIRECTS} times`, false);
}

/** The whole body of a small page as text, with its content type and the address that answered. */
export async function getPage(
  start: URL,
  accept: string,
  settings: NetSettings,
): Promise<{ text: string; type: string; url: URL }> {
  const { response, url } = await openUrl(start, { accept }, settings);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    throw new NetworkFault(`${shown(url)} broke off: ${messageOf(error)}`, true);
  }
  return { text: Buffer.concat(chunks).toString('utf8'), type: response.headers['content-type'] ?? '', url };
}

/** Runs `attempt` until it succeeds: again after 1, 2, 4 ... seconds on a fault that may pass, at most `tries` times. */
export async function retrying<T>(
  attempt: () => Promise<T>,
  sleep: (milliseconds: number) => Promise<unknown>,
  tries = 3,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof NetworkFault && error.retry) || failures >= tries) throw error;
      await sleep(1000 * 2 ** (failures - 1));
    }
  }
}

function redirected(from: URL, location: string): URL {
  const to = new URL(location, from);
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    throw new NetworkFault(`${shown(from)} redirects to an address that is neither http nor https`, false);
  }
  if (to.origin === from.origin && !to.username) [to.username, to.password] = [from.username, from.password];
  return to;
}

async function sendGet(url: URL, headers: Record<string, string>, settings: NetSettings): Promise<IncomingMessage> {
  const proxy = proxyFor(url, settings);
  // A plain request goes to the proxy itself and names the whole address; TLS needs a tunnel.
  const relay = url.protocol === 'http:' ? proxy : null;
  const socket = proxy && !relay ? await dialThrough(proxy, url, settings) : await dial(relay ?? url, settings);
  const authorization = basicAuth(url);
  const proxyAuthorization = relay && basicAuth(relay);
  const request = startRequest({
    createConnection: () => socket,
    path: relay ? shown(url) : url.pathname + url.search,
    headers: {
      host: url.host,
      'user-agent': 'voxloop',
      'accept-encoding': 'identity',
      connection: 'close',
      ...(authorization && { authorization }),
      ...(proxyAuthorization && { 'proxy-authorization': proxyAuthorization }),
      ...headers,
    },
  });
  return new Promise((settle, fail) => {
    request.setTimeout(settings.timeoutMs, () => request.destroy(silence(settings)));
    request.once('response', settle);
    request.on('error', (error) => fail(new NetworkFault(`${url.host}: ${messageOf(error)}`, true)));
    request.end();
  });
}
