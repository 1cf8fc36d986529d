import { existsSync, readFileSync } from 'node:fs';
import { request as startRequest } from 'node:http';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, rootCertificates } from 'node:tls';
import { codeOf, messageOf, UserError } from '../../errors.js';
import { basicAuth, type IndexSettings } from './index-urls.js';

/** Reaching a host failed. `retry` is true when another try may succeed; `status` is set when a server answered. */
export class NetworkFault extends Error {
  override readonly name = 'NetworkFault';
  constructor(
    message: string,
    readonly retry: boolean,
    readonly status?: number,
  ) {
    super(message);
  }
}

/** The part of pip's settings that says how hosts are reached. */
export type NetSettings = Pick<IndexSettings, 'proxy' | 'cert' | 'trustedHosts' | 'timeoutMs' | 'env'>;

/** A socket to the host of an address, with TLS when it says https. Throws a NetworkFault. */
export async function dial(url: URL, settings: NetSettings): Promise<Socket> {
  const socket = connectPlain({ host: bareHost(url), port: portOf(url) });
  await settled(socket, 'connect', url, settings);
  return url.protocol === 'https:' ? secure(socket, url, settings) : socket;
}

/** The same through an HTTP proxy's CONNECT. */
export async function dialThrough(proxy: URL, target: URL, settings: NetSettings): Promise<Socket> {
  return secure(await tunnel(target, proxy, settings), target, settings);
}

/** Puts TLS on a connected socket, which is closed when that fails. */
async function secure(socket: Socket, url: URL, settings: NetSettings): Promise<Socket> {
  const host = bareHost(url);
  const isAddress = /^[\d.]+$|:/.test(host);
  const trusted = [url.hostname, `${url.hostname}:${portOf(url)}`].some((name) => settings.trustedHosts.includes(name));
  try {
    const ca = certificates(settings);
    const name = isAddress ? {} : { servername: host };
    const tls = connectTls({ socket, host, ...name, ca, rejectUnauthorized: !trusted });
    await settled(tls, 'secureConnect', url, settings);
    return tls;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function tunnel(target: URL, proxy: URL, settings: NetSettings): Promise<Socket> {
  const socket = await dial(proxy, settings);
  const authority = `${target.hostname}:${portOf(target)}`;
  const authorization = basicAuth(proxy);
  const request = startRequest({
    createConnection: () => socket,
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...(authorization && { 'proxy-authorization': authorization }) },
  });
  return new Promise((settle, fail) => {
    request.setTimeout(settings.timeoutMs, () => request.destroy(silence(settings)));
    request.once('connect', (response, connected: Socket) => {
      connected.setTimeout(0);
      if (response.statusCode === 200) return settle(connected);
      connected.destroy();
      const status = response.statusCode ?? 0;
      fail(new NetworkFault(`the proxy ${proxy.host} answered ${status} for ${target.host}`, status >= 500, status));
    });
    request.once('response', (response) => {
      response.destroy();
      fail(new NetworkFault(`the proxy ${proxy.host} answered ${response.statusCode} for ${target.host}`, false));
    });
    request.on('error', (error) => fail(new NetworkFault(`the proxy ${proxy.host}: ${messageOf(error)}`, true)));
    request.end();
  });
}

/** Waits until a socket is ready. The error listener stays, so that a later fault cannot end the process. */
function settled(socket: Socket, event: 'connect' | 'secureConnect', url: URL, settings: NetSettings): Promise<void> {
  return new Promise((settle, fail) => {
    socket.on('error', (error) => fail(connectionFault(url, error)));
    socket.setTimeout(settings.timeoutMs, () => socket.destroy(silence(settings)));
    socket.once(event, () => {
      // Under TLS the plain socket sees no traffic of its own: its clock must stop.
      socket.setTimeout(0);
      settle();
    });
  });
}

/** The error of a connection that was silent for too long. */
export function silence({ timeoutMs }: Pick<NetSettings, 'timeoutMs'>): Error {
  return new Error(`no answer within ${timeoutMs / 1000} s (PIP_DEFAULT_TIMEOUT)`);
}

function connectionFault(url: URL, error: Error): NetworkFault {
  const code = codeOf(error) ?? '';
  const certificate = /CERT|SIGNATURE|ISSUER|SSL|TLS/.test(code);
  const hint = certificate ? " (name your network's certificate file in PIP_CERT)" : '';
  return new NetworkFault(`${url.host}: ${messageOf(error) || code}${hint}`, !certificate);
}

/** The certificates of Node and of the system, plus those in the files that the settings name. */
function certificates({ cert, env }: NetSettings): string[] {
  const variables = [env.NODE_EXTRA_CA_CERTS, env.REQUESTS_CA_BUNDLE, env.CURL_CA_BUNDLE, env.SSL_CERT_FILE];
  const system = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];
  const optional = [...variables, ...system].filter((path): path is string => Boolean(path && existsSync(path)));
  const files = new Set(cert ? [cert, ...optional] : optional);
  return [...rootCertificates, ...Array.from(files, readCertificates)];
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(
      `The certificate file ${path} cannot be read (${messageOf(error)}); correct PIP_CERT or pip.conf.`,
    );
  }
}

const bareHost = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');
const portOf = (url: URL): number => Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
