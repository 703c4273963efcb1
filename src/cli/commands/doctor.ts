import type { MachineReport } from '../../pipeline/doctor.js';
import { sharedOptions } from '../arguments.js';
import { defineCommand } from '../define-command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { toJsonLine } from '../json-lines.js';
import { writeStdout } from '../standard-streams.js';
import { formatTable } from '../table.js';
import { packageVersion } from '../version.js';

/** `tessera doctor` */
export const doctorCommand = defineCommand({
  command: 'doctor',
  describe: 'Check that this machine has everything that tessera needs',
  builder: (yargs) => yargs.options({ json: sharedOptions.json }),
  run: async ({ json }) => {
    // FFmpeg and onnxruntime take a while to load: only where they are used.
    const { examineMachine } = await import('../../pipeline/doctor.js');
    const report = { tessera: packageVersion(), ...(await examineMachine()) };
    await writeStdout(json ? toJsonLine({ type: 'machine', ...report }) : `${describe(report).join('\n')}\n`);
    return report.isUsable ? EXIT_CODES.done : EXIT_CODES.unusableMachine;
  },
});

function describe(report: MachineReport & { readonly tessera: string }): string[] {
  const { ffmpeg, temporaryFolder } = report;
  const versions = [
    ['tessera', report.tessera],
    ['node', `${report.node} on ${report.platform}, ${report.processors} processors`],
    ['ffmpeg', `${ffmpeg.version} (in node-av), ${ffmpeg.encoders.length} encoders`],
    ['onnxruntime', report.onnxruntime === '' ? 'not installed' : report.onnxruntime],
    ...report.devices.map(({ device, works }) => [`device ${device}`, works ? 'works' : 'not available']),
    ['temporary folder', `${temporaryFolder.path}, ${(temporaryFolder.freeBytes / 2 ** 30).toFixed(1)} GiB free`],
  ];
  const packs = report.packs.map(({ name, version, folder, selfTests, problem }) => [
    name,
    version ?? '?',
    selfTests.map(({ device, ok }) => `${device} ${ok ? 'ok' : 'fails'}`).join(', ') || problem.slice(0, 40),
    folder,
  ]);
  return [
    formatTable(['what', 'found'], versions),
    '',
    formatTable(['pack', 'version', 'self-test', 'folder'], packs),
    `packs are looked for in ${report.packPlaces.join(', ')}`,
    '',
    ...(report.missing.length === 0 ? ['nothing is missing'] : report.missing.map((line) => `missing: ${line}`)),
    ...report.devices
      .filter(({ remedy }) => remedy !== '')
      .map(({ device, works, remedy }) => `${works ? '' : 'no '}${device}: ${remedy}`),
    report.isUsable ? 'tessera can be used here' : 'tessera cannot be used here',
  ];
}
