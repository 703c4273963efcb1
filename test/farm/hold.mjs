// For `node --import`: whatever is written waits until the file exists that `?until=` names.
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileHandles } from './file-handles.mjs';

const released = new URL(import.meta.url).searchParams.get('until');
const { writeFile } = fileHandles;
fileHandles.writeFile = async function (...args) {
  while (!existsSync(released)) await setTimeout(20);
  return await writeFile.apply(this, args);
};
