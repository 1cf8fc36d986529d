import { UserError } from '../../errors.js';
import type { PublishedModel } from './catalogue.js';

type Environment = Record<string, string | undefined>;
type Repository = Extract<PublishedModel['from'], { repository: string }>;

/** Where a host's files are, the variable that names another address for it, and that of a token for it. */
const HOSTS = {
  'hugging-face': { endpoint: 'https://huggingface.co', variable: 'HF_ENDPOINT', token: 'HF_TOKEN', folder: '' },
  modelscope: {
    endpoint: 'https://modelscope.cn',
    variable: 'MODELSCOPE_ENDPOINT',
    token: undefined,
    folder: 'models/',
  },
} as const;

/** Address of a file of a repository, and the headers to ask for it with. @throws UserError for a variable that holds no address */
export function addressOf(
  { host, repository, revision }: Repository,
  file: string,
  environment: Environment,
): { url: URL; headers: Record<string, string> } {
  const { endpoint, variable, token, folder } = HOSTS[host];
  const base = environment[variable] || endpoint;
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol))
    throw new UserError(`${variable} is ${JSON.stringify(base)}, which is no address. Give one such as ${endpoint}.`);
  const url = new URL(`${folder}${repository}/resolve/${revision}/${file}`, base.replace(/\/?$/, '/'));
  const secret = token && environment[token];
  return { url, headers: secret ? { authorization: `Bearer ${secret}` } : {} };
}
