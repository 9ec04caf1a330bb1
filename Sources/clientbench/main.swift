import Foundation
import Revocation

// What a check costs the process that asks: `clientbench [redis://host:port] [seconds per run]`, beside a C program over
// hiredis that keeps 64 commands in flight, and beside this client with one flush for each command. Needs a release build, an
// initialised store and an otherwise idle machine; what counts are the ratios.
let arguments = CommandLine.arguments.dropFirst()
let url = arguments.first ?? "redis://127.0.0.1:7379"
let seconds = arguments.dropFirst().first.flatMap(Double.init) ?? 1
try await ClientBenchmark(url: url, duration: .seconds(seconds)).run()
