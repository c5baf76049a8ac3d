export type { EnrollableMethod, Enrollment, EnrollmentState } from './enrollment.ts'
export { createEnrollment } from './enrollment.ts'
export type { EnrollmentClient } from './gated.ts'
