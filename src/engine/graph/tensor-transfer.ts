import koffi from 'koffi';
import { bytesPerElement, type HostTensor, sizeOf, viewOf } from '../../host-tensor.js';
import { cApi, type Pointer } from './c-api.js';
import { dataTypeOf, hostTypeOf } from './data-types.js';

/** Copies a host tensor into a new TF_Tensor; the caller deletes it. */
export function toNative(host: HostTensor): Pointer {
  const size = sizeOf(host.shape);
  if (host.data.length !== size) {
    throw new Error(`a tensor of shape [${host.shape}] needs ${size} values, got ${host.data.length}`);
  }
  const bytes = size * bytesPerElement(host.dtype);
  const c = cApi();
  const tensor: Pointer = c.AllocateTensor(dataTypeOf(host.dtype), host.shape, host.shape.length, bytes);
  if (!tensor) throw new Error(`TensorFlow could not allocate a tensor of ${bytes} bytes`);
  if (bytes > 0) {
    const target = new Uint8Array(koffi.view(c.TensorData(tensor), bytes));
    target.set(new Uint8Array(host.data.buffer, host.data.byteOffset, bytes));
  }
  return tensor;
}

/** Copies a TF_Tensor into JavaScript memory. */
export function toHost(tensor: Pointer): HostTensor {
  const c = cApi();
  const dtype = hostTypeOf(c.TensorType(tensor));
  const shape = Array.from({ length: c.NumDims(tensor) }, (_, i) => Number(c.Dim(tensor, i)));
  const bytes = Number(c.TensorByteSize(tensor));
  const buffer = bytes > 0 ? koffi.view(c.TensorData(tensor), bytes).slice(0) : new ArrayBuffer(0);
  return { dtype, shape, data: viewOf(dtype, buffer) };
}
