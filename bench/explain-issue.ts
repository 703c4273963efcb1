import type { z } from 'zod';

/** The first thing that is wrong with data, with the path of the key, in one line. */
export function explainIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'it is not as it should be';
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => (path === '' ? key : `${path}.${key}`));
    return `there is no key ${keys.join(', ')}`;
  }
  return `${path === '' ? '' : `${path}: `}${issue.message}`;
}
