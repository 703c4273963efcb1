// For `node --import`: the disk is full, so no file can be written.
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const handle = await open(fileURLToPath(import.meta.url));
const prototype = Object.getPrototypeOf(handle);
await handle.close();
prototype.writeFile = () =>
  Promise.reject(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }));
