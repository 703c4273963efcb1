import { CancelledError, InputError } from '../../errors.js';
import { sharedOptions, wholeNumber } from '../arguments.js';
import { defineCommand } from '../define-command.js';
import type { NamedPack } from '../play/player-files.js';
import { PIPE, writeStdout } from '../standard-streams.js';

const PORT_LIMIT = 65535;

/** `tessera play IN.tsr` */
export const playCommand = defineCommand({
  command: 'play <in>',
  describe: 'Play a .tsr file in the browser',
  builder: (yargs) =>
    yargs
      .positional('in', { type: 'string', demandOption: true, describe: '.tsr file' })
      .options({
        open: { type: 'boolean', default: true, describe: 'Open the browser; --no-open only prints the address' },
        port: { type: 'number', default: 0, requiresArg: true, describe: 'Port of the local server; 0: any free one' },
        'post-filter': {
          choices: ['lpips', 'none'] as const,
          requiresArg: true,
          describe: 'Improve pictures for the eye or not at all; default: set by the pack',
        },
        pack: sharedOptions.pack,
        json: sharedOptions.json,
      })
      .example('$0 play in.tsr', 'Play it; Ctrl-C ends the server'),
  run: async ({ in: input, open, port, postFilter, pack, json }, { signal, reporter }) => {
    wholeNumber('port', port, 0, PORT_LIMIT);
    const { addressOf, findPlayerFiles } = await import('../play/player-files.js');
    const { serveFiles } = await import('../play/file-server.js');
    const { openBrowser } = await import('../play/open-browser.js');
    const stream = await checkStream(input, pack);
    const server = await serveFiles(await findPlayerFiles(stream.path, stream.pack), port);
    try {
      const query = postFilter === undefined ? '' : `&post-filter=${postFilter}`;
      const url = `${server.url}?src=${encodeURIComponent(addressOf(stream.path))}${query}&autoplay`;
      if (json) reporter.json({ type: 'listening', url });
      else await writeStdout(`${url}\n`);
      if (open && !(await openBrowser(url))) reporter.note('no browser could be started: open the address yourself');
      if (!json) reporter.line(`${input} plays in the browser until Ctrl-C`);
      await untilAborted(signal);
      throw new CancelledError('stopped');
    } finally {
      await server.close();
    }
  },
});

/** Finds a stream and its pack. What is missing or of another kind is an error here, not only in the page. */
async function checkStream(input: string, packName: string | undefined): Promise<{ path: string; pack: NamedPack }> {
  const { resolveInput } = await import('../../io/input.js');
  const { openFileSource } = await import('../../io/file-source.js');
  const { StreamReader } = await import('../../bitstream/stream-reader.js');
  const { loadMatchingPack } = await import('../../model/pack.js');
  const path = input === PIPE ? null : await resolveInput(input);
  if (typeof path !== 'string') throw new InputError('play takes a file, not a pipe: save the stream to a file first');
  await using source = await openFileSource(path);
  if (source.size === 0) throw new InputError(`${path} is empty`);
  const reader = await StreamReader.open(source);
  await reader.close();
  const pack = await loadMatchingPack(packName, reader.header, 'the stream was');
  if (pack.family !== 'transform') {
    throw new InputError(`${path} has a pack of the family ${pack.family}, which the player lacks: use decompress`);
  }
  return { path, pack: { name: reader.header.packName, folder: pack.folder } };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
