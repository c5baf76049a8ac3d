#!/usr/bin/env node
// what was built; with --conditions=@stile/source the source itself, so that a checkout needs no build
import '#main'
