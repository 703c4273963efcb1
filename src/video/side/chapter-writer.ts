/**
 * Writes chapters. node-av cannot pass chapters to libavformat's muxers, so our own code adds them to the finished
 * file, in the form that FFmpeg and players read.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { addMatroskaChapters } from './matroska-chapters.js';
import { addMp4Chapters } from './mp4-chapters.js';
import type { Chapter } from '../../bitstream/side-header.js';
import { describeWriteError } from '../../io/temporary-file.js';

/**
 * Adds chapters to a file that libavformat's muxer of that family has finished.
 *
 * @returns one line for each thing that the form cannot hold
 */
export async function addChapters(
  path: string,
  family: 'mp4' | 'matroska',
  chapters: readonly Chapter[],
): Promise<string[]> {
  let file: FileHandle | null = null;
  try {
    file = await open(path, 'r+');
    const notes = family === 'mp4' ? await addMp4Chapters(file, chapters) : await addMatroskaChapters(file, chapters);
    const extra = chapters.some(({ tags }) => Object.keys(tags).some((name) => name.toLowerCase() !== 'title'));
    return extra ? [...notes, 'of the tags of chapters only the title is written'] : notes;
  } catch (error) {
    throw describeWriteError(error, path);
  } finally {
    await file?.close();
  }
}
