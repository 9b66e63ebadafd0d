// The documents that the console itself sends; whoever renames a field of the schema renames it here.

export const SIGN_IN = `mutation ConsoleSignIn($input: SignInInput!) {
  signIn(input: $input) {
    csrfToken
    userErrors { code field message }
  }
}`;

export const SIGN_OUT = `mutation ConsoleSignOut {
  signOut { userErrors { code message } }
}`;

export const STEP_UP = `mutation ConsoleStepUp($input: StepUpInput!) {
  stepUp(input: $input) {
    csrfToken
    userErrors { code field message }
  }
}`;

export const VIEWER = `query ConsoleViewer {
  viewer { id displayName roles { role } }
  organisation { name }
  viewAs: __type(name: "StartViewAsInput") { name }
  asks: __type(name: "Query") { fields { name } }
}`;

export const MEMBERS_BY_NAME = `query ConsolePeople($start: String!) {
  users(first: 50, orderBy: NAME_ASC, filter: { namePrefix: $start, status: [ACTIVE] }) {
    nodes { id displayName roles { role } }
  }
}`;

export const START_VIEW_AS = `mutation ConsoleStartViewAs($input: StartViewAsInput!) {
  startViewAs(input: $input) {
    ticket
    until
    userErrors { code field message }
  }
}`;

const LATEST_WORK_ORDERS = `# The latest work orders, as your role sees them.
# The list under the answer names what is masked.
query LatestWorkOrders {
  workOrders(first: 10, orderBy: NUMBER_DESC) {
    totalCount
    edges {
      node {
        id
        number
        title
        status
        requester { id displayName email }
        assignee { id displayName email }
      }
    }
  }
}
`;

const LATEST_ACCESS = `# Who was shown whose data, and for what.
# The list under the answer names what is masked.
query LatestAccess {
  accessRecords(first: 10) {
    nodes {
      day
      viewer { id displayName }
      subject { id displayName }
      purpose
      categories
    }
  }
}
`;

const MYSELF = `# What is known of you.
query Myself {
  viewer { id displayName email roles { role } }
}
`;

/** What stands in the editor at first: something that whoever has these queries may ask. */
export function welcomeOf(asks) {
  if (asks.includes('workOrders')) return LATEST_WORK_ORDERS;
  return asks.includes('accessRecords') ? LATEST_ACCESS : MYSELF;
}

const done = (name, field, input) => `mutation ${name}($input: ${input}!) {
  ${field}(input: $input) { userErrors { code field message } }
}`;

export const ACCEPT_INVITATION = done('AcceptInvitation', 'acceptInvitation', 'AcceptInvitationInput');
export const VERIFY_EMAIL = done('VerifyEmail', 'verifyEmail', 'TokenInput');
export const RESET_PASSWORD = done('ResetPassword', 'resetPassword', 'ResetPasswordInput');
export const CONFIRM_EMAIL_CHANGE = done('ConfirmEmailChange', 'confirmEmailChange', 'TokenInput');
export const REQUEST_PASSWORD_RESET = done(
  'RequestPasswordReset',
  'requestPasswordReset',
  'RequestPasswordResetInput',
);

export const PEOPLE = `query ConsolePeople($after: Cursor) {
  users(first: 100, after: $after) {
    nodes { id displayName email pseudonym }
    pageInfo { hasNextPage endCursor }
  }
}`;

export const FIELDS_OF_POLICY = `query ConsoleFields {
  policyMatrix { fields { coordinate } }
}`;

export const EXPLAIN_ACCESS = `query ConsoleExplainAccess($viewerId: ID!, $objectId: ID!, $field: String!) {
  explainAccess(viewerId: $viewerId, objectId: $objectId, field: $field) {
    coordinate category read mask reason policyVersion privacyTold because
    viewer { displayName }
    object { __typename ... on User { displayName } ... on Contact { displayName } }
    steps { rule effect level says }
    remedies { rule level says }
  }
}`;
