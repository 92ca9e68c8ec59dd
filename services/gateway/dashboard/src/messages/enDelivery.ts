/** Texts of receivers and policy. */
export const enDelivery = {} as const;
