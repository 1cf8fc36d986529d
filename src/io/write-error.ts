import { codeOf, UserError } from '../errors.js';

/** Turns a failed write into a UserError that says what to do; other errors pass through. */
export function writeError(path: string, error: unknown): unknown {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new UserError(`The disk is full: ${path} was not written. Free some space and run the command again.`);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new UserError(`No permission to write ${path}. Choose another folder, or change its permissions.`);
    case 'ENOENT':
    case 'EINVAL':
      return new UserError(`${path} cannot be written: no file can be created in its folder. Choose another folder.`);
    case 'ENOTDIR':
    case 'EEXIST':
      return new UserError(
        `${path} cannot be written: there is a file where a folder is needed. Choose another folder.`,
      );
    case 'EISDIR':
    case 'EBUSY':
      return new UserError(`${path} cannot be written: a folder has that name. Choose another name.`);
    case 'ENAMETOOLONG':
    case 'ELOOP':
      return new UserError(`${path} cannot be written: the name is too long, or a link in it leads in a circle.`);
    case 'EPIPE':
      return new UserError(`${path} was not written whole: the program that reads it went away.`);
    case 'ENXIO':
    case 'ESPIPE':
      return new UserError(`${path} cannot be written: nothing takes data there. Choose another name.`);
    case 'ERR_INVALID_ARG_VALUE':
      return new UserError(`${JSON.stringify(path)} cannot be written: it is no name of a file. Choose another name.`);
    default:
      return error;
  }
}
