/** Every sentence of the dialog. */
export type Texts = Readonly<Record<string, string>>
