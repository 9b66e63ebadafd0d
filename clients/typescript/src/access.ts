// What `viewerAccess` says of one object, for forms. Refuses to say yes for a field that was not asked about.
import type { FieldNames, FieldReading, MaskReason } from './generated.js';

/** One entry of `viewerAccess`. */
export interface FieldAccess<Of extends keyof FieldNames = keyof FieldNames> {
  readonly field: FieldNames[Of] | (string & {});
  readonly read: FieldReading;
  readonly write: boolean;
  readonly reason: MaskReason | null;
}

/** An object with the entries that were asked for. */
export interface Accessible {
  readonly viewerAccess: readonly FieldAccess[];
}

/** Names of the type, checked by the compiler: `fieldsOf<'User'>('phone', 'roles')`. */
export function fieldsOf<Of extends keyof FieldNames>(...names: FieldNames[Of][]): FieldNames[Of][] {
  return names;
}

/** The entry of a field; undefined where it was not asked about. */
export function accessTo(object: Accessible, field: string): FieldAccess | undefined {
  return object.viewerAccess.find((entry) => entry.field === field);
}

/** Whether a mutation takes a change of the field from the viewer. */
export function mayWrite(object: Accessible, field: string): boolean {
  return accessTo(object, field)?.write === true;
}

/** Whether the field shows the stored value. */
export function readsInFull(object: Accessible, field: string): boolean {
  return accessTo(object, field)?.read === 'FULL';
}
