import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A part of the installation that is missing, and the command that installs or repairs it. */
export interface Missing {
  what: string;
  why: string;
  fix: string;
  required: boolean;
}

/** The package's own folder: three up from this file in dist/src/cli. */
const PACKAGE_ROOT = new URL('../../../../', import.meta.url);

const REQUIRED_PACKAGES = ['koffi', 'ml-kmeans', 'wavefile', 'yauzl'];

const OPTIONAL_PACKAGES: Record<string, string> = {
  '@wasm-audio-decoders/flac': 'FLAC files are not read without it',
  '@wasm-audio-decoders/ogg-vorbis': 'Ogg Vorbis files are not read without it',
  'opus-decoder': 'Opus files are not read without it',
  'mpg123-decoder': 'MP3 files are not read without it',
};

/** Missing parts of the installation, apart from the library and the device. */
export function checkInstallation(): Missing[] {
  return [...missingKernels(), ...missingPackages(), ...missingTools()];
}

function missingKernels(): Missing[] {
  if (existsSync(new URL('dist/kernels/', PACKAGE_ROOT))) return [];
  const why = 'dist/kernels, which the build makes, is not there';
  return [{ what: 'TensorFlow.js kernels', why, fix: 'npm run build', required: true }];
}

function missingPackages(): Missing[] {
  const required = REQUIRED_PACKAGES.map((name) => ({ name, why: 'voxloop cannot run without it', required: true }));
  const optional = Object.entries(OPTIONAL_PACKAGES).map(([name, why]) => ({ name, why, required: false }));
  return [...required, ...optional]
    .filter(({ name }) => !isInstalled(name))
    .map(({ name, why, required }) => ({ what: `package ${name}`, why, fix: `npm install ${name}`, required }));
}

function missingTools(): Missing[] {
  const tools: { name: string; why: string; fix: string }[] = [
    {
      name: 'apt-get',
      why: '`voxloop corpus debian` needs it',
      fix: 'use a Debian or Ubuntu system, or `voxloop corpus synthetic`',
    },
    { name: 'dpkg', why: '`voxloop corpus debian` unpacks with it', fix: 'apt-get install dpkg' },
    {
      name: 'ffmpeg',
      why: 'WebM, AMR, Core Audio, Windows Media and the like are read by it, and M4A in pieces',
      fix: process.platform === 'darwin' ? 'brew install ffmpeg' : 'apt-get install ffmpeg',
    },
  ];
  return tools
    .filter(({ name }) => !onPath(name))
    .map(({ name, why, fix }) => ({ what: name, why, fix, required: false }));
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}
