import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../../errors.js';
import type { Environment } from './cache-folder.js';
import { readPipOptions } from './pip-config.js';

/** The places to look for wheels and the way to reach hosts: pip's own settings, so that no second set is needed. */
export interface IndexSettings {
  /** Simple indexes in order; each ends with a slash. */
  indexes: URL[];
  /** Folders or pages that list wheels directly; asked before the indexes. */
  findLinks: URL[];
  /** One proxy for everything, or null: then the usual variables in `env` decide. */
  proxy: string | null;
  /** A file of trusted certificates, or null. */
  cert: string | null;
  /** `host` or `host:port` whose certificate is not checked. */
  trustedHosts: string[];
  /** Longest silence of a connection. */
  timeoutMs: number;
  env: Environment;
}

const PUBLIC_INDEX = 'https://pypi.org/simple';
const DEFAULT_TIMEOUT_SECONDS = 15;

/** Reads pip's variables and configuration files. Throws a UserError for an invalid address. */
export function readIndexSettings(env: Environment = process.env, system: string = process.platform): IndexSettings {
  const options = readPipOptions(env, system);
  const words = (name: string) => (options[name] ?? '').split(/\s+/).filter(Boolean);
  const home = env.HOME || homedir();
  const indexes = isTrue(options['no-index'])
    ? []
    : [...words('index-url').concat(PUBLIC_INDEX).slice(0, 1), ...words('extra-index-url')];
  const seconds = Number(options['default-timeout'] ?? options.timeout ?? DEFAULT_TIMEOUT_SECONDS);
  return {
    indexes: indexes.map((index) => toUrl(withSlash(index), home)),
    findLinks: words('find-links').map((link) => toUrl(link, home)),
    proxy: options.proxy || null,
    cert: options.cert ? expandHome(options.cert, home) : null,
    trustedHosts: words('trusted-host'),
    timeoutMs: 1000 * (seconds > 0 ? seconds : DEFAULT_TIMEOUT_SECONDS),
    env,
  };
}

/** An address as it may be printed: without user name and password. */
export function shown(address: URL | string): string {
  const url = new URL(address);
  if (url.protocol === 'file:') return decodeURIComponent(url.pathname);
  url.username = '';
  url.password = '';
  url.hash = '';
  return url.href;
}

/** `Basic ...` for the user name and password in an address, or undefined when it has none. */
export function basicAuth({ username, password }: URL): string | undefined {
  if (!username && !password) return undefined;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** The proxy for an address: pip's own setting, else HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, minus what NO_PROXY names. */
export function proxyFor(target: URL, { proxy, env }: Pick<IndexSettings, 'proxy' | 'env'>): URL | null {
  const variable = (name: string) => env[name.toLowerCase()] || env[name.toUpperCase()];
  const scheme = target.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const address =
    proxy ?? (isExempt(target, variable('no_proxy') ?? '') ? '' : variable(scheme) || variable('all_proxy'));
  if (!address) return null;
  const url = parseUrl(address.includes('://') ? address : `http://${address}`);
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new UserError(
    'The proxy in PIP_PROXY, pip.conf or HTTPS_PROXY is not an http:// or https:// address; correct it, or unset it.',
  );
}

/** True when a NO_PROXY list (`host`, `.domain`, `host:port`, `*`) names the target. */
function isExempt(target: URL, list: string): boolean {
  const host = target.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = target.port || (target.protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      const [, name, entryPort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry.replace(/^\*?\./, '')) ?? [];
      return (entryPort === undefined || entryPort === port) && (host === name || host.endsWith(`.${name}`));
    });
}

function toUrl(address: string, home: string): URL {
  const isUrl = /^[a-z][a-z+]+:\/\//i.test(address);
  const url = isUrl ? parseUrl(address) : pathToFileURL(resolve(expandHome(address, home)));
  const slash = address.endsWith('/') && url && !url.pathname.endsWith('/') ? '/' : '';
  if (url && ['http:', 'https:', 'file:'].includes(url.protocol)) {
    url.pathname += slash;
    return url;
  }
  throw new UserError(
    "An index or find-links address in pip's settings is not a valid http, https or file address; " +
      'see `pip config list` and PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS.',
  );
}

const parseUrl = (address: string): URL | null => (URL.canParse(address) ? new URL(address) : null);
const withSlash = (address: string): string => (address.endsWith('/') ? address : `${address}/`);
const expandHome = (path: string, home: string): string => path.replace(/^~(?=\/|$)/, home);
const isTrue = (value: string | undefined): boolean => /^(1|y|yes|t|true|on)$/i.test(value?.trim() ?? '');
