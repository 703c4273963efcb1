// The prototype of open files, whose methods `node --import` modules replace.
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const handle = await open(fileURLToPath(import.meta.url));
export const fileHandles = Object.getPrototypeOf(handle);
await handle.close();
