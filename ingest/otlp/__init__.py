"""OTLP on the wire: protobuf and JSON decoders and the receiver."""
