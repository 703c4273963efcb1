// For `node --import`: the disk is full, so no file can be written.
import { fileHandles } from './file-handles.mjs';

fileHandles.writeFile = () =>
  Promise.reject(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }));
