import type { FoundScene } from '../../pipeline/words/find-scenes.js';
import { sharedOptions } from '../arguments.js';
import { defineCommand } from '../define-command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { toJsonLine } from '../json-lines.js';
import { countOf, describeTime } from '../reporter.js';
import { UsageError } from '../run-command.js';
import { writeStdout } from '../standard-streams.js';
import { formatTable } from '../table.js';

/** The number of words of a scene that a line shows. */
const SHOWN_WORDS = 4;

/** `tessera find WORDS PLACES...` */
export const findCommand = defineCommand({
  command: 'find <words> <places..>',
  describe: 'Find scenes by words, without decoding them',
  builder: (yargs) =>
    yargs
      .positional('words', { type: 'string', demandOption: true, describe: 'Such as "dog", or "animal, not person"' })
      .positional('places', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Folders, and .tsr or .words files',
      })
      .options({
        threshold: {
          type: 'number',
          requiresArg: true,
          describe: 'Smallest confidence of each word, 0..1; default 0.3',
        },
        pictures: { type: 'string', requiresArg: true, describe: 'Folder for a small picture of each scene' },
        overwrite: sharedOptions.overwrite,
        json: sharedOptions.json,
      })
      .example('$0 find dog archive/', 'Scenes with a dog in all streams below a folder')
      .example('$0 find "vehicle, not bus" a.tsr b.tsr --threshold 0.5', 'Only confident ones')
      .example('$0 find bird archive/ --pictures found/', 'With a picture of each scene'),
  run: async ({ words: query, places, threshold, pictures, overwrite, json }, { signal, reporter }) => {
    if (query.trim() === '') throw new UsageError('find needs words, such as "dog" or "animal, not person"');
    if (threshold !== undefined && !(threshold >= 0 && threshold <= 1)) {
      throw new UsageError('--threshold takes a number from 0 to 1');
    }
    const { findScenes } = await import('../../pipeline/words/find-scenes.js');
    const { scenes, ...result } = await findScenes(query, places, {
      ...(threshold === undefined ? {} : { threshold }),
      signal,
      onNote: (note) => reporter.note(note),
    });
    let paths: readonly string[] = [];
    if (pictures !== undefined) {
      // FFmpeg and onnxruntime take a while to load: only where they are used.
      const { writeScenePictures } = await import('../../pipeline/words/scene-pictures.js');
      paths = await writeScenePictures(scenes, pictures, { overwrite, signal });
    }
    const { files, searched, withoutWords, problems } = result;
    if (json) {
      for (const [at, scene] of scenes.entries()) {
        await writeStdout(
          toJsonLine({ type: 'scene', ...scene, ...(pictures === undefined ? {} : { picture: paths[at] }) }),
        );
      }
    } else if (scenes.length > 0) {
      await writeStdout(`${describe(scenes, paths)}\n`);
    }
    if (withoutWords > 0) {
      reporter.note(`${countOf(withoutWords, 'stream')} without words: add them with tessera words`);
    }
    reporter.done(
      { command: 'find', query, places, found: scenes.length, ...result },
      `${countOf(scenes.length, 'scene')} in ${countOf(searched, 'video')} of ${files}`,
    );
    return problems.length > 0 ? EXIT_CODES.incomplete : EXIT_CODES.done;
  },
});

function describe(scenes: readonly FoundScene[], pictures: readonly string[]): string {
  const rows = scenes.map(({ file, start, end, confidence, words }, at) => [
    ...[confidence.toFixed(2), describeTime(start), describeTime(end), file],
    words
      .slice(0, SHOWN_WORDS)
      .map(({ word }) => word)
      .join(', '),
    ...(pictures[at] === undefined ? [] : [pictures[at]]),
  ]);
  const head = ['confidence', 'start', 'end', 'file', 'words'];
  return formatTable(pictures.length === 0 ? head : [...head, 'picture'], rows);
}
