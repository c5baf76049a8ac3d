export { completeRelogin, leftPage } from './complete.ts'
