/** The address that signs somebody in. */
export function formatSignInLink(baseUrl: string, token: string): string {
  return `${baseUrl}/sign-in?token=${token}`;
}
