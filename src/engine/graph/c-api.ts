import koffi, { type LibraryHandle } from 'koffi';
import { messageOf, UserError } from '../../errors.js';
import { librariesOutOfReach } from '../library/cuda-libraries.js';
import { locateLibrary } from '../library/locate.js';
import { pinLibrary } from './pin-library.js';

/** An address in TensorFlow's memory; only ever handed back to TensorFlow. */
export type Pointer = unknown;

/** One output of an operation, passed by value (TF_Output). */
export interface Output {
  oper: Pointer;
  index: number;
}

koffi.struct('TF_Output', { oper: 'void*', index: 'int' });
koffi.struct('TF_Buffer', { data: 'void*', length: 'size_t', dealloc: 'void*' });

// The part of tensorflow/c/c_api.h that voxloop calls.
const DECLARATIONS = {
  Version: 'const char* TF_Version()',
  NewStatus: 'void* TF_NewStatus()',
  DeleteStatus: 'void TF_DeleteStatus(void* s)',
  GetCode: 'int TF_GetCode(void* s)',
  Message: 'const char* TF_Message(void* s)',
  NewBuffer: 'void* TF_NewBuffer()',
  NewBufferFromString: 'void* TF_NewBufferFromString(const uint8_t* bytes, size_t length)',
  DeleteBuffer: 'void TF_DeleteBuffer(void* b)',
  NewGraph: 'void* TF_NewGraph()',
  DeleteGraph: 'void TF_DeleteGraph(void* g)',
  GraphGetOpDef: 'void TF_GraphGetOpDef(void* g, const char* name, void* buffer, void* status)',
  NewOperation: 'void* TF_NewOperation(void* g, const char* type, const char* name)',
  SetDevice: 'void TF_SetDevice(void* d, const char* device)',
  AddInput: 'void TF_AddInput(void* d, TF_Output in)',
  AddInputList: 'void TF_AddInputList(void* d, TF_Output* in, int n)',
  AddControlInput: 'void TF_AddControlInput(void* d, void* op)',
  SetAttrString: 'void TF_SetAttrString(void* d, const char* n, const char* v, size_t length)',
  SetAttrInt: 'void TF_SetAttrInt(void* d, const char* n, int64_t v)',
  SetAttrIntList: 'void TF_SetAttrIntList(void* d, const char* n, const int64_t* v, int count)',
  SetAttrFloat: 'void TF_SetAttrFloat(void* d, const char* n, float v)',
  SetAttrFloatList: 'void TF_SetAttrFloatList(void* d, const char* n, const float* v, int count)',
  SetAttrBool: 'void TF_SetAttrBool(void* d, const char* n, uint8_t v)',
  SetAttrType: 'void TF_SetAttrType(void* d, const char* n, int v)',
  SetAttrTypeList: 'void TF_SetAttrTypeList(void* d, const char* n, const int* v, int count)',
  SetAttrShape: 'void TF_SetAttrShape(void* d, const char* n, const int64_t* v, int count)',
  SetAttrTensor: 'void TF_SetAttrTensor(void* d, const char* n, void* tensor, void* status)',
  FinishOperation: 'void* TF_FinishOperation(void* d, void* status)',
  OperationNumOutputs: 'int TF_OperationNumOutputs(void* op)',
  OperationOutputType: 'int TF_OperationOutputType(TF_Output o)',
  GraphGetTensorNumDims: 'int TF_GraphGetTensorNumDims(void* g, TF_Output o, void* status)',
  GraphGetTensorShape: 'void TF_GraphGetTensorShape(void* g, TF_Output o, _Out_ int64_t* dims, int n, void* status)',
  NewSessionOptions: 'void* TF_NewSessionOptions()',
  DeleteSessionOptions: 'void TF_DeleteSessionOptions(void* o)',
  SetConfig: 'void TF_SetConfig(void* o, const uint8_t* proto, size_t length, void* status)',
  SetTarget: 'void TF_SetTarget(void* o, const char* target)',
  NewServer: 'void* TF_NewServer(const uint8_t* proto, size_t length, void* status)',
  ServerStart: 'void TF_ServerStart(void* server, void* status)',
  ServerTarget: 'const char* TF_ServerTarget(void* server)',
  NewSession: 'void* TF_NewSession(void* g, void* o, void* status)',
  CloseSession: 'void TF_CloseSession(void* s, void* status)',
  DeleteSession: 'void TF_DeleteSession(void* s, void* status)',
  SessionListDevices: 'void* TF_SessionListDevices(void* s, void* status)',
  DeviceListCount: 'int TF_DeviceListCount(void* list)',
  DeviceListName: 'const char* TF_DeviceListName(void* list, int i, void* status)',
  DeviceListType: 'const char* TF_DeviceListType(void* list, int i, void* status)',
  DeviceListMemoryBytes: 'int64_t TF_DeviceListMemoryBytes(void* list, int i, void* status)',
  DeleteDeviceList: 'void TF_DeleteDeviceList(void* list)',
  SessionRun:
    'void TF_SessionRun(void* s, void* options, TF_Output* in, void** inValues, int nIn, TF_Output* out, ' +
    '_Inout_ void** outValues, int nOut, void** targets, int nTargets, void* metadata, void* status)',
  AllocateTensor: 'void* TF_AllocateTensor(int type, const int64_t* dims, int nDims, size_t bytes)',
  TensorData: 'void* TF_TensorData(void* t)',
  TensorByteSize: 'size_t TF_TensorByteSize(void* t)',
  TensorType: 'int TF_TensorType(void* t)',
  NumDims: 'int TF_NumDims(void* t)',
  Dim: 'int64_t TF_Dim(void* t, int i)',
  DeleteTensor: 'void TF_DeleteTensor(void* t)',
} as const;

// biome-ignore lint/suspicious/noExplicitAny: koffi types its foreign functions so; every call site here narrows the result
export type CFunction = ((...args: any[]) => any) & { async: (...args: any[]) => void };
/** TensorFlow's C API, without the `TF_` prefix. */
export type CApi = Record<keyof typeof DECLARATIONS, CFunction>;

let loaded: CApi | undefined;
let handles: LibraryHandle[] = [];

/** Loads the TensorFlow library on first use; later calls return the same one. */
export function cApi(): CApi {
  loaded ??= load();
  return loaded;
}

function load(): CApi {
  const { files } = locateLibrary();
  // Read by TensorFlow when it is loaded: quiet start, no grabbing of the whole GPU memory, and XLA on a CPU for the sessions
  // that ask for it.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  process.env.TF_XLA_FLAGS ??= '--tf_xla_cpu_global_jit';
  // On processors without VNNI (AVX2 only), TensorFlow leaves oneDNN off by default; convolutions are twice as fast with it.
  if (process.arch === 'x64') process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
  // Else cuDNN's batch normalisation works on channels first, with a transpose before and behind it; a ResNet34 step in bfloat16 takes
  // twice as long. 0 switches back.
  process.env.TF_USE_CUDNN_BATCHNORM_SPATIAL_PERSISTENT ??= '1';
  try {
    openForGpu(librariesOutOfReach(files.framework));
    pinLibrary(files.framework);
    pinLibrary(files.cc);
    handles = [koffi.load(files.cc), koffi.load(files.framework)];
    const entries = Object.entries(DECLARATIONS).map(([key, declaration]) => [key, symbol(handles, declaration)]);
    return Object.fromEntries(entries) as CApi;
  } catch (error) {
    throw new UserError(
      `The TensorFlow library in ${files.cc} could not be loaded: ${messageOf(error)}. Run \`npx voxloop doctor\`.`,
    );
  }
}

/** True once something has called the library. */
export const libraryLoaded = (): boolean => loaded !== undefined;

/** A function that the library has beside its C API; null where this version does not export it. */
export function beyondCApi(declaration: string): CFunction | null {
  cApi();
  try {
    return symbol(handles, declaration);
  } catch {
    return null;
  }
}

/** Where one does not open, TensorFlow computes on the CPU, and `voxloop doctor --device gpu` says why. */
function openForGpu(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      pinLibrary(path);
    } catch {
      return;
    }
  }
}

/** On macOS some symbols live in the framework library only, so both are asked. */
function symbol(libraries: LibraryHandle[], declaration: string): CFunction {
  let failure: unknown;
  for (const library of libraries) {
    try {
      return library.func(declaration);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Runs `call` with a fresh TF_Status and throws its message, prefixed by `what`, when it is not OK. */
export function checked<T>(what: string, call: (status: Pointer) => T): T {
  const c = cApi();
  const status = c.NewStatus();
  try {
    const result = call(status);
    throwIfFailed(what, status);
    return result;
  } finally {
    c.DeleteStatus(status);
  }
}

/** Throws when a TF_Status is not OK. */
export function throwIfFailed(what: string, status: Pointer): void {
  const code: number = cApi().GetCode(status);
  if (code !== 0) throw new TensorFlowError(what, code, cApi().Message(status));
}

/** A failure that TensorFlow reported; `code` is the TF_Code (8: out of memory, 3: invalid argument, ...). */
export class TensorFlowError extends Error {
  override readonly name = 'TensorFlowError';
  constructor(
    readonly what: string,
    readonly code: number,
    readonly detail: string,
  ) {
    super(`${what}: ${detail}`);
  }
}

/** Copies a TF_Buffer's bytes. */
export function bufferBytes(buffer: Pointer): Uint8Array {
  const { data, length } = koffi.decode(buffer, 'TF_Buffer') as { data: Pointer; length: number | bigint };
  const size = Number(length);
  return size === 0 ? new Uint8Array() : new Uint8Array(koffi.view(data, size).slice(0));
}
