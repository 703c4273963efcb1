// Loaded before the program: whatever it writes waits until the file that `?until=` names exists.
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const released = new URL(import.meta.url).searchParams.get('until');
const handle = await open(fileURLToPath(import.meta.url));
const prototype = Object.getPrototypeOf(handle);
await handle.close();
const { writeFile } = prototype;
prototype.writeFile = async function (...args) {
  while (!existsSync(released)) await setTimeout(20);
  return await writeFile.apply(this, args);
};
