import { InputError } from '../src/errors.js';

/** The parts of a codec on a command line: `x264:medium,bf=0`. */
export interface CodecName {
  /** A built-in codec, a model pack, or the path of a module. */
  readonly base: string;
  /** The text after the first colon; empty if there is none. */
  readonly variant: string;
}

/** Splits a name at its first colon; the colon of a Windows drive does not count. */
export function parseCodecName(name: string): CodecName {
  const colon = name.indexOf(':', /^[A-Za-z]:[\\/]/.test(name) ? 2 : 0);
  return colon < 0 ? { base: name, variant: '' } : { base: name.slice(0, colon), variant: name.slice(colon + 1) };
}

/** A variant such as `medium,bf=0,tune=zerolatency`. */
export interface Variant {
  /** The part without `=`; undefined if there is none. */
  readonly first: string | undefined;
  readonly options: Readonly<Record<string, string>>;
}

/**
 * Splits a variant: first at most one word without `=`, then options.
 *
 * @throws InputError if it has another form.
 */
export function parseVariant(codec: string, variant: string): Variant {
  const parts = variant === '' ? [] : variant.split(',');
  const first = parts[0]?.includes('=') === false ? parts.shift() : undefined;
  const options: Record<string, string> = {};
  for (const part of parts) {
    const at = part.indexOf('=');
    if (at < 1) {
      throw new InputError(`cannot read '${part}' in the codec ${codec}:${variant}: write options as name=value`);
    }
    options[part.slice(0, at)] = part.slice(at + 1);
  }
  return { first, options };
}
