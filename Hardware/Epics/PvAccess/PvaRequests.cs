namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>What operations are begun with: which fields, and options for the server.</summary>
/// <remarks>All fields are asked for, as pvget does: QSRV sends them all whatever is asked, and a server may refuse one it has not.
/// <b>Source</b> recorded sessions: <c>field()</c>, <c>record[block=true]field()</c>, <c>record[pipeline=true,queueSize=4]field()</c>.
/// </remarks>
internal static class PvaRequests
{
    private static readonly PvaType.Scalar Text = new(PvaScalar.Text);

    /// <summary>Everything, without options.</summary>
    public static readonly PvaValue.Any Everything = PvaValue.Any.Of(new PvaValue.Structure(PvaType.Of(), []));

    /// <summary>A put that is answered when all that it set off is complete.</summary>
    public static readonly PvaValue.Any Blocking = WithOptions(("block", "true"));

    /// <summary>A monitor that waits for us rather than drop events.</summary>
    public static PvaValue.Any Pipelined(int window) =>
        WithOptions(("pipeline", "true"), ("queueSize", window.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>An option's text in a request; null where it is not there.</summary>
    public static string? OptionOf(PvaValue.Any request, string name) =>
        request.Value is PvaValue.Structure s && s["record._options"] is PvaValue.Structure options && options[name] is PvaValue.Text text
            ? text.Value
            : null;

    private static PvaValue.Any WithOptions(params ReadOnlySpan<(string Name, string Value)> options)
    {
        var (types, values) = (new (string, PvaType)[options.Length], new PvaValue[options.Length]);
        for (var i = 0; i < options.Length; i++)
            (types[i], values[i]) = ((options[i].Name, Text), new PvaValue.Text(options[i].Value));
        var inner = new PvaValue.Structure(PvaType.Of(types), values);
        var record = new PvaValue.Structure(PvaType.Of(("_options", inner.Type)), [inner]);
        var field = new PvaValue.Structure(PvaType.Of(), []);
        return PvaValue.Any.Of(new PvaValue.Structure(PvaType.Of(("record", record.Type), ("field", field.Type)), [record, field]));
    }
}
