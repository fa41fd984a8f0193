using Akka.Configuration;
using Akka.TestKit.Xunit2;

namespace Flyscan.Tests;

/// <summary>A test kit that waits long for what must come: a busy machine fails no test, and a test that fails takes its time.</summary>
public abstract class PatientTestKit : TestKit
{
    private const string Patience = "akka.test { single-expect-default = 30s, filter-leeway = 30s, default-timeout = 30s }";

    protected PatientTestKit(Config? config = null)
        : base(ConfigurationFactory.ParseString(Patience).WithFallback(config ?? ConfigurationFactory.Empty))
    {
    }

    protected PatientTestKit(string config)
        : this(ConfigurationFactory.ParseString(config))
    {
    }
}
