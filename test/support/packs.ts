import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the small pack with seeded random weights. */
export const TINY_PACK = fileURLToPath(new URL('../../fixtures/tiny-pack', import.meta.url));

/** Folder of the small lookup-free pack with seeded random weights. */
export const TINY_LOOKUP_FREE_PACK = fileURLToPath(new URL('../../fixtures/tiny-lookup-free-pack', import.meta.url));

/** A private copy of the tiny pack that a test may damage. */
export class PackCopy implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<PackCopy> {
    const folder = await mkdtemp(join(tmpdir(), 'tessera-pack-'));
    await cp(TINY_PACK, folder, { recursive: true });
    return new PackCopy(folder);
  }

  /** Replaces a file and, unlike damage, makes the manifest agree. */
  async replace(role: string, contents: Uint8Array): Promise<void> {
    await this.editManifest((manifest) => {
      const files = manifest['files'] as Record<string, { path: string; sha256: string; bytes: number }>;
      const file = files[role]!;
      file.sha256 = createHash('sha256').update(contents).digest('hex');
      file.bytes = contents.length;
    });
    await writeFile(
      join(this.folder, `${role}.${role === 'tables' || role === 'self-test' ? 'safetensors' : 'onnx'}`),
      contents,
    );
  }

  async editManifest(edit: (manifest: Record<string, unknown>) => void): Promise<void> {
    const path = join(this.folder, 'manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    edit(manifest);
    await writeFile(path, JSON.stringify(manifest));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
