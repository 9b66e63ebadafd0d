// What the schema and the policy of IsoMod say of masking. `isomod client print` writes this file, `make schema` puts it here.

/** What each mask keeps of a value, and what it hides. */
export const MASKS = {
  "NULL": { keeps: "nothing", hides: "the value and whether there is one" },
  "INITIALS": { keeps: "the first letter of the first and last word", hides: "the rest, and every length" },
  "PARTIAL_EMAIL": { keeps: "the first character of the local part", hides: "the rest, the domain, every length" },
  "PARTIAL_PHONE": { keeps: "the last two digits", hides: "country, area, the rest, every length" },
  "YEAR": { keeps: "the year", hides: "month, day, time" },
  "COARSE_AREA": { keeps: "the square kilometre or so of a fixed grid", hides: "the place within it" },
  "IP_PREFIX": { keeps: "the network: 16 bits of IPv4, 32 of IPv6", hides: "the host" },
  "PSEUDONYM": { keeps: "that two values are of one person, within one organisation and one purpose", hides: "who it is, and every tie to other organisations and purposes; takes the person's id, not the value" },
  "SUPPRESSED_COUNT": { keeps: "the count of a group of five or more", hides: "whether a smaller group is empty, and how small it is" },
} as const;

/** How a value is masked. */
export type MaskName = keyof typeof MASKS;

/** Why less than everything is shown; PRIVACY covers several grounds alike. */
export const REASONS = ["ROLE", "SCOPE", "RELATION", "PURPOSE", "PRIVACY"] as const;

/** One of REASONS. */
export type MaskReason = (typeof REASONS)[number];

/** The category of every field that may be masked. */
export const CATEGORY_OF = {
  "AccessLogEntry.answers": "AUDIT",
  "AccessLogEntry.categories": "AUDIT",
  "AccessLogEntry.day": "AUDIT",
  "AccessLogEntry.purpose": "AUDIT",
  "AccessLogEntry.recipient": "AUDIT",
  "AccessRecord.answers": "AUDIT",
  "AccessRecord.categories": "AUDIT",
  "AccessRecord.day": "AUDIT",
  "AccessRecord.purpose": "AUDIT",
  "AccessRecord.recipient": "AUDIT",
  "AccessRecord.subject": "AUDIT",
  "AccessRecord.viewedAs": "AUDIT",
  "AccessRecord.viewer": "AUDIT",
  "Asset.description": "NOTES",
  "AssetStatistics.total": "OPERATIONAL",
  "Contact.address": "CONTACT",
  "Contact.displayName": "IDENTITY",
  "Contact.email": "CONTACT",
  "Contact.jobTitle": "IDENTITY",
  "Contact.locale": "IDENTITY",
  "Contact.name": "IDENTITY",
  "Contact.phone": "CONTACT",
  "Contact.restricted": "AUDIT",
  "Contact.teams": "IDENTITY",
  "Contact.version": "AUDIT",
  "StatisticsRemainder.count": "OPERATIONAL",
  "User.address": "CONTACT",
  "User.displayName": "IDENTITY",
  "User.email": "CONTACT",
  "User.jobTitle": "IDENTITY",
  "User.lastSeenAt": "DEVICE",
  "User.lastSeenYear": "DEVICE",
  "User.locale": "IDENTITY",
  "User.name": "IDENTITY",
  "User.phone": "CONTACT",
  "User.restricted": "AUDIT",
  "User.teams": "IDENTITY",
  "User.version": "AUDIT",
  "WorkOrder.description": "NOTES",
  "WorkOrder.resolution": "NOTES",
  "WorkOrderChange.reason": "NOTES",
  "WorkOrderSignature.signerName": "IDENTITY",
  "WorkOrderSignature.signerTitle": "IDENTITY",
  "WorkOrderStatistics.total": "OPERATIONAL",
} as const;

/** A field that may be masked, as `Type.field`. */
export type MaskedCoordinate = keyof typeof CATEGORY_OF;

/** Of what kind a masked value is. */
export type PersonalCategory = (typeof CATEGORY_OF)[MaskedCoordinate];

/** How much of a field is shown. */
export const READINGS = ["FULL", "MASKED", "HIDDEN"] as const;

/** One of READINGS. */
export type FieldReading = (typeof READINGS)[number];

/** What becomes of an answer in which something is masked. */
export const ON_MASKED = ["NULL", "REJECT"] as const;

/** One of ON_MASKED. */
export type OnMasked = (typeof ON_MASKED)[number];

/** In every masked text, refused in every input. */
export const MASK_SIGN = "•";

/** The code of an answer refused for its masks. */
export const MASKED_ANSWER_REJECTED = "MASKED_ANSWER_REJECTED";

/** The names that `viewerAccess` takes, by the type on which it stands. */
export interface FieldNames {
  AccessLogEntry:
    | "answers"
    | "categories"
    | "day"
    | "id"
    | "program"
    | "purpose"
    | "recipient"
    | "viewerAccess";
  AccessRecord:
    | "answers"
    | "categories"
    | "day"
    | "id"
    | "program"
    | "purpose"
    | "recipient"
    | "subject"
    | "viewedAs"
    | "viewer"
    | "viewerAccess";
  Asset:
    | "children"
    | "criticality"
    | "custodian"
    | "description"
    | "id"
    | "location"
    | "manufacturer"
    | "model"
    | "name"
    | "parent"
    | "serialNumber"
    | "status"
    | "tag"
    | "version"
    | "viewerAccess"
    | "workOrders";
  Contact:
    | "address"
    | "displayName"
    | "email"
    | "id"
    | "jobTitle"
    | "locale"
    | "name"
    | "phone"
    | "pseudonym"
    | "restricted"
    | "teams"
    | "version"
    | "viewerAccess";
  Location:
    | "address"
    | "area"
    | "assets"
    | "children"
    | "id"
    | "latitude"
    | "longitude"
    | "name"
    | "parent"
    | "site"
    | "timeZone"
    | "version"
    | "viewerAccess";
  Node:
    | "id"
    | "viewerAccess";
  Person:
    | "address"
    | "displayName"
    | "email"
    | "id"
    | "jobTitle"
    | "locale"
    | "name"
    | "phone"
    | "pseudonym"
    | "restricted"
    | "teams"
    | "version"
    | "viewerAccess";
  RoleAssignment:
    | "expiresAt"
    | "id"
    | "role"
    | "site"
    | "viewerAccess";
  Team:
    | "id"
    | "name"
    | "version"
    | "viewerAccess";
  User:
    | "address"
    | "displayName"
    | "email"
    | "id"
    | "jobTitle"
    | "lastSeenAt"
    | "lastSeenYear"
    | "locale"
    | "name"
    | "phone"
    | "pseudonym"
    | "restricted"
    | "roles"
    | "status"
    | "teams"
    | "version"
    | "viewerAccess";
  WorkOrder:
    | "asset"
    | "assignee"
    | "assignees"
    | "completedAt"
    | "completedBy"
    | "createdAt"
    | "description"
    | "dueAt"
    | "firstCompletedAt"
    | "history"
    | "id"
    | "location"
    | "number"
    | "outcome"
    | "priority"
    | "requester"
    | "resolution"
    | "signatures"
    | "startedAt"
    | "status"
    | "title"
    | "type"
    | "version"
    | "viewerAccess"
    | "windowEnd"
    | "windowStart";
  WorkOrderChange:
    | "actor"
    | "at"
    | "fromStatus"
    | "id"
    | "reason"
    | "sequence"
    | "toStatus"
    | "transition"
    | "viewerAccess";
  WorkOrderSignature:
    | "completionAt"
    | "id"
    | "meaning"
    | "signedAt"
    | "signer"
    | "signerName"
    | "signerTitle"
    | "viewerAccess";
}
