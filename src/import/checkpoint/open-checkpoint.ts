import { UserError } from '../../errors.js';
import { withFile } from '../../io/read-file.js';
import type { Checkpoint } from './checkpoint.js';
import { openSafetensors } from './safetensors.js';
import { LEGACY_START, openTorchLegacy } from './torch-legacy.js';
import { openTorchZip } from './torch-zip.js';

/** Opens a file of weights of PyTorch or safetensors, whatever its name. @throws UserError for any other */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  const start = withFile(path, (file) => Buffer.from(file.read(0, Math.min(file.bytes, LEGACY_START.length))));
  if (start.subarray(0, 4).toString('latin1') === 'PK\x03\x04') return openTorchZip(path);
  if (start.equals(LEGACY_START)) return openTorchLegacy(path);
  // The header's length, eight bytes, and the header.
  if (start.at(8) === 0x7b) return openSafetensors(path);
  throw new UserError(
    `${path} is neither a file of torch.save nor of safetensors${hint(start)}. Give the file of weights, such as avg_model.pt.`,
  );
}

function hint(start: Buffer): string {
  const text = start.toString('latin1');
  if (text.startsWith('version https')) return ' (it is a pointer of Git LFS: the file itself was not downloaded)';
  if (/^\s*<(!doctype|html)/i.test(text)) return ' (it is a page of HTML: the download needs another address)';
  if (text.startsWith('\x08')) return ' (it may be an ONNX graph)';
  return '';
}
