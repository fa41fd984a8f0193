namespace Flyscan.Hardware.PandA.Protocol;

/// <content>UNFRAMED data.</content>
internal sealed partial class PandADataProtocol
{
    /// <summary>Samples back to back, and the end's text straight after the last: it is known by standing where a sample would begin and
    /// by naming just as many samples as came.</summary>
    private sealed class UnframedBody(int sampleBytes, bool hasEnd)
    {
        private readonly byte[] _window = new byte[Math.Max(sampleBytes, 32)];
        private readonly byte[] _end = new byte[32];
        private int _count;

        /// <summary>Takes bytes; true: the end's text has begun, and <paramref name="rest"/> is what of it was held.</summary>
        public bool Take(ref ReadOnlySpan<byte> bytes, PandADataProtocol protocol, out ReadOnlySpan<byte> rest)
        {
            while (!bytes.IsEmpty)
            {
                var part = bytes[..Math.Min(bytes.Length, _window.Length - _count)];
                part.CopyTo(_window.AsSpan(_count));
                _count += part.Length;
                bytes = bytes[part.Length..];
                while (Step(protocol, out var ended))
                    if (ended)
                    {
                        rest = _window.AsSpan(0, _count);
                        return true;
                    }
            }
            rest = default;
            return false;
        }

        /// <summary>Passes on what was held for looking like the end; returns bytes of a sample that is not whole.</summary>
        public int Flush(PandADataProtocol protocol)
        {
            while (_count >= sampleBytes)
                Emit(protocol);
            return _count;
        }

        private bool Step(PandADataProtocol protocol, out bool ended)
        {
            ended = false;
            if (_count == 0)
                return false;
            if (hasEnd && _window[0] == (byte)'E')
            {
                System.Text.Unicode.Utf8.TryWrite(_end, $"END {protocol._received} ", out var length);
                var common = Math.Min(length, _count);
                var alike = _window.AsSpan(0, common).SequenceEqual(_end.AsSpan(0, common));
                ended = alike && _count >= length;
                if (alike)
                    return ended;
            }
            if (_count < sampleBytes)
                return false;
            Emit(protocol);
            return true;
        }

        private void Emit(PandADataProtocol protocol)
        {
            protocol.Pass(_window.AsSpan(0, sampleBytes), 1);
            _window.AsSpan(sampleBytes, _count - sampleBytes).CopyTo(_window);
            _count -= sampleBytes;
        }
    }
}
