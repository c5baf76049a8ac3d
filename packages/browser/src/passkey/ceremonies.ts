// The library with all that is made of it. Bundlers cannot split it, so that both ceremonies are one file; only subjects who are asked for a
// passkey or a security key load it.
export { authenticate } from './authenticate.ts'
export { register } from './register.ts'
