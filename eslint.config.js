import eslint from '@eslint/js';
import { builtinModules } from 'node:module';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

// A folder imports only from those before it; folders of one group stand beside each other.
const layers = [
  ['platform'],
  ['entropy', 'io', 'threads'],
  ['bitstream'],
  ['kernels'],
  ['video', 'model'],
  ['codec'],
  ['metrics', 'words'],
  ['player'],
  ['pipeline'],
  ['farm'],
  ['cli', 'dev'],
];

// The same inside a folder. Its own files, beside these folders, import none of them.
const rooms = {
  video: [['convert'], ['side'], ['in'], ['out'], ['measure']],
  codec: [['transform', 'lookup-free']],
};
// The one file that knows both families.
const chooser = 'src/codec/find-family.ts';

// The package's entries stand above the folders of src/, and only that of the benchmark above the benchmark.
const entries = ['src/index.ts', 'src/exports/*.ts'];
const benchEntry = 'src/exports/bench.ts';

// The benchmark stands above src/ but its command line, codecs/ between them.
const above = { src: ['bench', 'codecs', 'exports'], codecs: ['bench', 'cli'], bench: ['cli'] };

// Native and heavy packages stay in the one folder that wraps them.
const homes = {
  '@node-rs/crc32': ['platform'],
  bullmq: ['farm'],
  ioredis: ['farm'],
  'onnxruntime-node': ['platform'],
  'node-av': ['video'],
  sharp: ['video'],
  yargs: ['cli', 'dev'],
};

// What a decoder consists of. It asks src/platform/ for what belongs to Node, so that browsers can run it.
const portable = ['entropy', 'threads', 'bitstream', 'kernels', 'model', 'codec', 'words', 'player'];

const NODE_MESSAGE = 'Only src/platform imports this; import a module of src/platform/.';

/** Folders and packages that files must not import; portable files nothing of Node either. */
function refuse(files, folders, packages, isPortable = false) {
  return {
    files,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: isPortable ? builtinModules.map((name) => ({ name, message: NODE_MESSAGE })) : [],
          patterns: [
            ...(isPortable ? [{ group: ['node:*', '**/platform/node/**'], message: NODE_MESSAGE }] : []),
            ...(folders.length > 0
              ? [
                  {
                    group: folders.map((other) => `**/${other}/**`),
                    message: 'That folder stands above this one, or beside it.',
                  },
                ]
              : []),
            ...packages.map((name) => ({
              group: [name, `${name}/**`],
              message: `Only src/${homes[name].join(', ')} imports ${name}.`,
            })),
          ],
        },
      ],
    },
  };
}

function layerRules(folder, level) {
  const beside = layers[level].filter((other) => other !== folder);
  const higher = [...beside, ...layers.slice(level + 1).flat(), ...(folder === 'cli' ? ['exports'] : above.src)];
  const packages = Object.keys(homes).filter((name) => !homes[name].includes(folder));
  const inside = rooms[folder];
  const isPortable = portable.includes(folder);
  if (inside === undefined) return [refuse([`src/${folder}/**/*.ts`], higher, packages, isPortable)];
  return [
    { ...refuse([`src/${folder}/*.ts`], [...higher, ...inside.flat()], packages, isPortable), ignores: [chooser] },
    ...(folder === 'codec' ? [refuse([chooser], higher, packages, isPortable)] : []),
    ...inside.flatMap((group, at) =>
      group.map((room) => {
        const others = [...group.filter((other) => other !== room), ...inside.slice(at + 1).flat()];
        return refuse([`src/${folder}/${room}/**/*.ts`], [...higher, ...others], packages, isPortable);
      }),
    ),
  ];
}

export default defineConfig(
  globalIgnores(['dist/', 'build/', 'coverage/', '.venv/', '.work/', 'src/kernels/assembly/', 'training/']),
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: [
          'tsconfig.json',
          'src/player/tsconfig.json',
          'test/player/tsconfig.json',
          'bench/report/page/tsconfig.json',
          'test/bench/page/tsconfig.json',
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    // Numeric code: an index that a loop bound has checked is not checked again.
    files: ['src/**/*.ts', 'codecs/**/*.ts', 'bench/**/*.ts', 'test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['**/*.d.ts'],
    rules: { '@typescript-eslint/no-extraneous-class': 'off' },
  },
  ...layers.flatMap((folders, level) => folders.flatMap((folder) => layerRules(folder, level))),
  {
    files: portable.map((folder) => `src/${folder}/**/*.ts`),
    rules: {
      'no-restricted-globals': [
        'error',
        ...['Buffer', 'global', 'process', 'require', 'setImmediate'].map((name) => ({ name, message: NODE_MESSAGE })),
      ],
    },
  },
  { ...refuse(entries, ['bench', 'codecs', 'cli', 'dev'], Object.keys(homes)), ignores: [benchEntry] },
  refuse(['codecs/**/*.ts'], above.codecs, Object.keys(homes)),
  // Reports rasterise plots and shrink pictures, which has nothing to do with video.
  refuse(
    ['bench/**/*.ts'],
    above.bench,
    Object.keys(homes).filter((name) => name !== 'sharp'),
  ),
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', require: 'readonly', module: 'writable', URL: 'readonly' },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
