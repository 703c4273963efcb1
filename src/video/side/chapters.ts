/**
 * Reading chapters. node-av has no access to libavformat's chapter list, but libavformat prints it: `av_dump_format`
 * writes every chapter with its times in microseconds and its tags to the log, and we read the log. This works for
 * every format that FFmpeg reads.
 */
import { randomUUID } from 'node:crypto';
import { AV_LOG_INFO, AV_LOG_QUIET } from 'node-av/constants';
import { type FormatContext, Log } from 'node-av/lib';
import { EnvironmentError } from '../../errors.js';
import type { Chapter } from '../../bitstream/side-header.js';

let turn: Promise<unknown> = Promise.resolve();

/** The chapters of an open file, in the file's order. */
export function readChapters(format: FormatContext): Promise<Chapter[]> {
  // The whole process has one log, so only one reader can run at a time.
  const result = turn.then(async () => parseChapters(await dumpFormat(format)));
  turn = result.catch(() => undefined);
  return result;
}

const patienceMs = 5000;

/** Returns the output of `av_dump_format`. Another thread delivers the log, so a last line of our own marks the end. */
function dumpFormat(format: FormatContext): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const mark = randomUUID();
    const lines: string[] = [];
    const finish = () => {
      clearTimeout(timer);
      Log.setLevel(AV_LOG_QUIET);
      Log.resetCallback();
    };
    const timer = setTimeout(() => {
      finish();
      reject(new EnvironmentError('FFmpeg did not list the chapters in time; try again on a less busy machine'));
    }, patienceMs);
    Log.setCallback(
      (_, message) => {
        if (!message.includes(mark)) {
          lines.push(message);
          return;
        }
        finish();
        resolve(lines);
      },
      { maxLevel: AV_LOG_INFO },
    );
    Log.setLevel(AV_LOG_INFO);
    format.dumpFormat(0, '', false);
    Log.log(AV_LOG_INFO, mark);
  });
}

const tagIndent = 8;

/** Finds the chapters in the output of `av_dump_format`, piece by piece; an empty piece is the end of a line. */
export function parseChapters(pieces: readonly string[]): Chapter[] {
  const chapters: { start: number; end: number; tags: Record<string, string> }[] = [];
  // Lines of other contexts (an encoder that runs at the same time) begin with their name and address.
  const lines = pieces.filter((piece) => !/^\[[^\]]* @ \w+\]/.test(piece));
  // The piece after a piece that ends with a colon is always the value of a tag.
  const head = lines.findIndex((line, at) => line === '  Chapters:' && !(lines[at - 1] ?? '').endsWith(': '));
  for (let at = head + 1; head >= 0 && at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (/^ {2}\S/.test(line)) break;
    if (/^ {4}Chapter #\d+:\d+: $/.test(line)) {
      const start = /^start (-?\d+\.\d+), $/.exec(lines[at + 1] ?? '')?.[1];
      const end = /^end (-?\d+\.\d+)$/.exec(lines[at + 2] ?? '')?.[1];
      if (start === undefined) continue;
      const startTime = toMicroseconds(start);
      chapters.push({ start: startTime, end: Math.max(startTime, toMicroseconds(end ?? start)), tags: {} });
      continue;
    }
    const key = new RegExp(`^ {${tagIndent}}(\\S.*?) *: $`).exec(line)?.[1];
    const chapter = chapters.at(-1);
    if (key === undefined || chapter === undefined) continue;
    let value = '';
    for (at++; at < lines.length && lines[at] !== ''; at++) {
      const piece = lines[at] ?? '';
      value += /^\n +: $/.test(piece) ? '\n' : piece;
    }
    chapter.tags[key] = value;
  }
  return chapters;
}

function toMicroseconds(seconds: string): number {
  return Math.round(Number(seconds) * 1e6);
}
