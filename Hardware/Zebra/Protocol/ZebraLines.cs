namespace Flyscan.Hardware.Zebra.Protocol;

/// <summary>Cuts a byte stream into lines; carriage returns are ignored, as the box ignores them.</summary>
internal sealed class ZebraLines(int longest)
{
    private readonly char[] _line = new char[longest];
    private int _length;

    /// <summary>A line was longer than it may be: nothing more is read.</summary>
    public bool Overflowed { get; private set; }

    public void Receive(ReadOnlySpan<byte> bytes, Action<string> line)
    {
        foreach (var value in bytes)
        {
            if (Overflowed)
                return;
            if (value == '\n')
            {
                line(new string(_line, 0, _length));
                _length = 0;
            }
            else if (value != '\r' && _length == longest)
                Overflowed = true;
            else if (value != '\r')
                _line[_length++] = (char)value;
        }
    }
}
