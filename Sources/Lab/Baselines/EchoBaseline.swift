#if os(Linux)
    import CEchoBaseline
    import ProcessOutput

    /// The echo server: the system calls of a server, and nothing else. It is what a request costs at least.
    package enum EchoBaseline {
        /// Answers `reply` to every request until the process is ended.
        package static func serve(reply: String) throws -> Never {
            var port: UInt16 = 0
            let listener = echo_baseline_listen(&port)
            guard listener >= 0 else { throw LoadFailure.system("listen") }
            StandardStream.output.write("listening on tcp://127.0.0.1:\(port)\n")
            _ = echo_baseline_serve(listener, reply, reply.utf8.count)
            throw LoadFailure.system("the echo server")
        }
    }
#endif
